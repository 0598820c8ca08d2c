"""From chain to mirror database: fetch, verify, decode and apply; checkpoints and witness."""
