"""Keys, signing, cards, the offline queue, the verifier and the command line."""
