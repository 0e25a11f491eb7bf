"""Where the weights of models come from: a folder, a package index or the hub, piece by piece, until the hash fits."""
