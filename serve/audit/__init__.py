"""The log that cannot be rewritten unnoticed: commitments in a Merkle tree, checkpoints that others keep."""
