"""What comes in: scans as people have them (manifests, DICOM trees), and tables of readings.

Import from the modules: tables are read without any imaging library.
"""
