"""Training and evaluation data: readers of public datasets, clips in shards, cached features and joint sets."""
