// Package registry moves OCI artifacts between the places where people keep
// them: remote registries, OCI layout folders, OCI archives and wpk's own local
// store.
//
// Every place is a [Target] with the same five verbs, so that one [Copy] serves
// push, pull, export and import. What goes in is checked against its digest and
// size, what comes out as well: a caller never sees a byte that does not belong
// to the descriptor it asked for.
//
// Failures are an [*Error] which matches one of the sentinels ([ErrDenied],
// [ErrNotFound], …) with errors.Is; a reference that cannot be read is a
// [*RefError]. Nothing here prints; progress is reported through [Event]s.
package registry
