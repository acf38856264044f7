package probe

import "errors"

// ErrUndo is in the chain of Evaluate's error where what a check did to a service could not be undone.
var ErrUndo = errors.New("a check could not undo what it did to a service")
