"""Whether identifiers are well formed, and the canonical form under which they are the same.

Python-stdnum, phonenumbers and ipaddress are the authorities; what is here does their work over
columns of millions, and the tests hold both to the same answers.
"""
