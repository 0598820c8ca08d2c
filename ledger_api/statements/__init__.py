"""Bank statements read into typed entries: pure readers, no chain and no database."""
