"""Making synthetic people, training the network on them."""
