"""The transfer service: takes batches of transfers from the catalogue, and drives each step."""
