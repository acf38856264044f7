// Package hint carries advice for the person at the keyboard along with an error.
//
// The advice is attached where the knowledge is and printed in one place, cmd/lab. It is a code with arguments,
// never a sentence: the words, in English and in Korean, are in package locale under "error.<code>" and
// "hint.<code>". The package knows nothing of who reads it.
package hint

import "errors"

// Error is an error that knows what its reader can do about it.
type Error struct {
	Code string // key of the words, such as "docker-unreachable"; stable, part of the program's vocabulary
	Args []any  // what the words mention: names, paths, figures
	Err  error  // what happened, for the log and for errors.Is; may be nil
}

// With says that err happened and that the reader finds advice under code. A nil err is allowed: the words
// under "error.<code>" then are the whole message.
func With(err error, code string, args ...any) error {
	return &Error{Code: code, Args: args, Err: err}
}

// Error is the technical chain, in English; people are shown locale's words for the code.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Code
	}
	return e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Find returns the outermost advice in err's chain.
func Find(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}
