"""Track a training loop of your own: spans, phases, work and outcomes of a small classifier of handwritten digits."""

import subprocess
import sys

import torch
from sklearn.datasets import load_digits
from torch import nn

from greentrack import summarize, track

EPOCHS, BATCH = 200, 64


def main() -> None:
    images, labels = load_digits(return_X_y=True)
    x, y = torch.tensor(images, dtype=torch.float32) / 16, torch.tensor(labels)
    order = torch.randperm(len(x), generator=torch.manual_seed(0))
    train, test = order[:1400], order[1400:]
    model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    with track("digits", project="demo", tags=["baseline"], params={"lr": 1e-3, "batch": BATCH}) as run:
        for epoch in range(EPOCHS):
            with run.span("epoch", index=epoch):
                for rows in train[torch.randperm(len(train))].split(BATCH):
                    with run.phase("data"):
                        images, labels = x[rows], y[rows]
                    with run.phase("train"):
                        loss = nn.functional.cross_entropy(model(images), labels)
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()
                    run.advance(samples=len(rows), steps=1)
            with run.span("validation", epoch=epoch), torch.no_grad():
                accuracy = (model(x[test]).argmax(1) == y[test]).float().mean()
            run.log(val_acc=accuracy.item())

    print(summarize(run.id), flush=True)
    print(flush=True)
    subprocess.run([sys.executable, "-m", "greentrack", "runs", "--project", "demo"], check=True)


if __name__ == "__main__":
    main()
