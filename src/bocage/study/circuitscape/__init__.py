"""The command `bocage circuitscape`: runs the .ini files of Circuitscape and writes its outputs."""
