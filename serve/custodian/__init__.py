"""The token custodian: evaluates blinded identities, learns none, and keeps nothing but its keys."""
