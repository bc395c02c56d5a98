"""Train until a budget is spent: 100 joules of this machine or 4 seconds, whichever comes first."""

from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

from greentrack import summarize, track

EPOCHS = 1_000_000  # more than the budget allows


def main() -> None:
    images, labels = load_digits(return_X_y=True)
    train, test = slice(0, 1400), slice(1400, None)
    model = SGDClassifier(random_state=0)

    with track("budget", project="demo", budget=["100 J", "4 s"]) as run:
        for _ in range(EPOCHS):
            model.partial_fit(images[train] / 16, labels[train], classes=range(10))
            run.advance(samples=1400, epochs=1)
            if run.over_budget:
                break
        run.log(test_acc=model.score(images[test] / 16, labels[test]))

    print(f"over budget: {run.budget_text}")
    print(summarize(run.id))


if __name__ == "__main__":
    main()
