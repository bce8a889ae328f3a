"""De-identification on the way in: what is read for a workspace holds no patient's identity."""
