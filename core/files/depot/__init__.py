"""Folders that a team shares through a store: each whole and of one moment, whoever asks.

A folder here is a unit: a run, a dataset, its originals, what waits for review. The store holds its
files under names that are never used twice, and a manifest that lists them with their hashes. Which
manifest is the folder's stands in the database, so that a folder changes in one instant and for all
computers at once; what else lies in the store is nobody's. Each computer keeps folders that it has
used on its disk, under the paths where Lightbox has them without a store, and a record of what they
were when they were last as the store's.
"""
