"""What a run cost: the summary, worked out from its record, and one file a format that writes it down."""
