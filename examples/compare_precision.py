"""One model with weights of 32 and of 8 bits reads the same digits: energy, money and accuracy, five times each."""

import subprocess
import sys
import warnings

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from greentrack import track

REPEATS, PASSES = 5, 20
warnings.filterwarnings("ignore", "torch.ao.quantization", DeprecationWarning)  # its successor is a package of its own


def trained(images: Tensor, labels: Tensor) -> nn.Sequential:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for rows in torch.randperm(len(images)).repeat(4).split(128):
        loss = nn.functional.cross_entropy(model(images[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def main() -> None:
    x, y = load_digits(return_X_y=True)
    images, labels = torch.tensor(x, dtype=torch.float32) / 16, torch.tensor(y)
    full = trained(images[:1400], labels[:1400])
    slim = torch.ao.quantization.quantize_dynamic(full, {nn.Linear})  # 8 bits for weights and for what they multiply
    test, truth = images[1400:], labels[1400:]

    for repeat in range(REPEATS):
        for bits, model in ((32, full), (8, slim)):  # in turns, so that what changes with time meets both
            with track("digits", project="precision", params={"bits": bits, "repeat": repeat}, quiet=True) as run:
                with torch.no_grad():
                    for _ in range(PASSES):
                        right = (model(test).argmax(1) == truth).float().mean()
                        run.advance(predictions=len(test))
                run.log(test_acc=right.item())

    command = ["greentrack", "compare", "--project", "precision", "--param", "bits", "--per", "predictions"]
    subprocess.run([sys.executable, "-m", *command, "--front", "test_acc"], check=True)


if __name__ == "__main__":
    main()
