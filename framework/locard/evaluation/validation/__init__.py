"""Method validation: requirements, whether a method meets them, and the record of it.

Terms are those of ISO/IEC 17025 (7.2.2, validation of methods) and of the UK Forensic Science
Regulator's Codes of Practice and guidance on validation (FSR-G-201, FSR-G-218).
"""
