#ifndef CNOTEBOOKS_H
#define CNOTEBOOKS_H

/// The text of an experiment's source file as it was when the program was compiled; NULL for a file that is not embedded.
/// \param name the file's name: "Table1Main.swift".
const char *compiledNotebook(const char *name);

#endif
