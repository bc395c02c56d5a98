"""What lies between a training and its recorder: pipes, protocol, shared memory."""
