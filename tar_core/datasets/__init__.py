"""Training and evaluation data: readers of public data sets, clips in shards, cached features, joint sets."""
