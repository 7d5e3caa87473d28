"""The way in for recordings of any maker: what is in a file, and what its columns mean."""
