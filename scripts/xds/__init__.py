"""Which of Envoy's messages istiod knows. ``python -m scripts.xds`` writes them, for judging and applying EnvoyFilters.

It needs Go, and builds a part of istiod of the pinned version: messages are known by what is linked into the program.
A field's type is a letter (b: boolean, s: text, x: bytes, i I: integer of 32 and 64 bits, u U: not negative, f:
float), m or e and the index of a message or enum; before it stands [ for a list, { and the key's type for a map. After
it stands | and the index of the oneof that the field is in, or ? for a scalar whose absence is told apart from zero.
"""
