"""The study: one small file that says what to read, what to compute and what to call it.

``model`` describes the file, ``reading`` reads it and names the line of every mistake,
``inputs`` reads the layers it names, ``estimate`` tells beforehand what the run needs,
``initialise`` proposes a file for a folder of layers and ``describe`` sums one up.
"""
