"""Who takes part: a class each, with a way to make its store and the operations it can do."""
