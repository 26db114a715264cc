"""The cases, a module for each subject; each has `cases(options)`."""
