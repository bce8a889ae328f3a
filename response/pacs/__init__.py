"""Talking to a PACS: fetch by DICOMweb, listen as a storage provider, send results back.

Whatever comes in is kept in the workspace's spool until the store has taken it. Nothing here
writes a patient's identifier into a log line.
"""
