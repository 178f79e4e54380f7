"""Where bytes lie: in a bucket of an object store, behind a cache on this disk."""
