"""Whether the predicted uncertainty of fields is calibrated: on unseen pairs, for methods it was not trained on."""
