"""simvigia: finds SIM lines registered in the name of somebody who never asked for them."""
