"""The training's side of a recorder: starts it, sends events, waits for its end."""
