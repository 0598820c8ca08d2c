"""Reading the mirror. Every answer says at which block it was computed; amounts and positions are minor
units.

Run the queries of one answer in one transaction: `with open_for_reading(url).connect() as conn`.
"""
