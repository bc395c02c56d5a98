"""What all frameworks share: the session of a training, its live figures, forecast, budget, resume."""
