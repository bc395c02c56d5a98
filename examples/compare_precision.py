"""A large model and a small one that learned from it read the same digits: energy, money, accuracy, four pairs."""

import subprocess
import sys

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from greentrack import track

REPEATS, PASSES = 4, 400


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


def pair(images: Tensor, labels: Tensor) -> dict[str, nn.Sequential]:
    """Train a teacher, and a student from what it says."""
    teacher = trained(network(640), images, labels, epochs=4)
    with torch.no_grad():
        chances = (teacher(images) / 2).softmax(1)  # softened: what is nearly as likely is worth learning, too
    return {"teacher": teacher, "student": trained(network(384), images, chances, epochs=6)}


def main() -> None:
    torch.set_num_threads(1)  # what else runs on the machine then disturbs the repeats less
    x, y = load_digits(return_X_y=True)
    images, labels = torch.tensor(x, dtype=torch.float32) / 16, torch.tensor(y)
    test, truth = images[1400:], labels[1400:]

    for seed in range(REPEATS):
        torch.manual_seed(seed)  # a pair of its own each time: the same one again would say nothing of chance
        for name, model in pair(images[:1400], labels[:1400]).items():
            with track("digits", project="distilled", params={"model": name, "seed": seed}, quiet=True) as run:
                with torch.no_grad():
                    for _ in range(PASSES):
                        right = (model(test).argmax(1) == truth).float().mean()
                        run.advance(predictions=len(test))
                run.log(test_acc=right.item())

    command = ["greentrack", "compare", "--project", "distilled", "--param", "model", "--per", "predictions"]
    subprocess.run([sys.executable, "-m", *command, "--front", "test_acc", "--tariff", "0.30EUR"], check=True)


if __name__ == "__main__":
    main()
