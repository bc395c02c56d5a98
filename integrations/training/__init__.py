"""What all frameworks share: session, stages, live figures, forecast, budget, resume."""
