"""A large model and a small one that learned from it read the same digits: energy, money, accuracy, five times each."""

import subprocess
import sys

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from greentrack import track

REPEATS, PASSES = 5, 100


def network(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))


def trained(model: nn.Sequential, images: Tensor, aims: Tensor, epochs: int) -> nn.Sequential:
    """Train towards *aims*: labels, or (distillation) the chances that a teacher gives to each of them."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for rows in torch.randperm(len(images)).repeat(epochs).split(128):
        loss = nn.functional.cross_entropy(model(images[rows]), aims[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def main() -> None:
    torch.manual_seed(0)
    x, y = load_digits(return_X_y=True)
    images, labels = torch.tensor(x, dtype=torch.float32) / 16, torch.tensor(y)
    teacher = trained(network(1024), images[:1400], labels[:1400], epochs=8)
    with torch.no_grad():
        chances = (teacher(images[:1400]) / 2).softmax(1)  # softened: what is nearly as likely is worth learning, too
    student = trained(network(512), images[:1400], chances, epochs=10)
    test, truth = images[1400:], labels[1400:]

    for repeat in range(REPEATS):
        for model in (teacher, student):  # in turns, so that what changes with time meets both
            params = {"model": "teacher" if model is teacher else "student", "repeat": repeat}
            with track("digits", project="distilled", params=params, quiet=True) as run:
                with torch.no_grad():
                    for _ in range(PASSES):
                        right = (model(test).argmax(1) == truth).float().mean()
                        run.advance(predictions=len(test))
                run.log(test_acc=right.item())

    command = ["greentrack", "compare", "--project", "distilled", "--param", "model", "--per", "predictions"]
    subprocess.run([sys.executable, "-m", *command, "--front", "test_acc"], check=True)


if __name__ == "__main__":
    main()
