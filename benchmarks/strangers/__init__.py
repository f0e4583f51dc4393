"""A country by other hands: made from the contract and public facts, without a look at the engine."""
