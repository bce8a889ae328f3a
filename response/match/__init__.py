"""One reader's findings of successive time points, joined into lesions through time."""
