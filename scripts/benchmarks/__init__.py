"""What `scripts/bench` measures, each figure beside its baseline."""
