"""What keeps evaluations going, and says when they have stopped."""
