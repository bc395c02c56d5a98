"""Train a small classifier on scikit-learn's handwritten digits with Lightning, tracked by one line in the Trainer."""

import subprocess
import sys
import warnings

import lightning.pytorch as pl
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset, random_split

from greentrack.integrations.lightning import GreenTrackCallback

warnings.filterwarnings("ignore", module="lightning")  # its advice on workers and loggers is not what this shows


class Digits(pl.LightningModule):
    def __init__(self, lr: float = 1e-3, width: int = 256) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        images, labels = batch
        return nn.functional.cross_entropy(self.net(images), labels)

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        images, labels = batch
        self.log("val_acc", (self.net(images).argmax(1) == labels).float().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.hparams["lr"])


def main() -> None:
    pl.seed_everything(0, verbose=False)
    images, labels = load_digits(return_X_y=True)
    digits = TensorDataset(torch.tensor(images, dtype=torch.float32) / 16, torch.tensor(labels))
    train, validation = random_split(digits, [1400, 397])

    green = GreenTrackCallback("digits", project="demo", tags=["baseline"], budget=["50 Wh", "10 min"])
    trainer = pl.Trainer(
        max_epochs=60,
        accelerator="cpu",
        callbacks=[green],
        enable_progress_bar=False,
        enable_model_summary=False,
        logger=False,
        enable_checkpointing=False,
    )
    trainer.fit(Digits(), DataLoader(train, batch_size=64, shuffle=True), DataLoader(validation, batch_size=397))

    print(green.summary(), flush=True)
    for command in (["runs", "--project", "demo"], ["report", green.run_id, "-o", "digits.html"]):
        print(flush=True)
        subprocess.run([sys.executable, "-m", "greentrack", *command], check=True)


if __name__ == "__main__":
    main()
