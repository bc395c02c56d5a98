"""One file a vendor; ``base`` says what a meter is, ``discovery`` asks every vendor what it has."""
