package docker

import "testing"

// TestWarmOnce: a service that has a shell gets no other one.
func TestWarmOnce(t *testing.T) {
	v := &environment{} // with no engine to ask for one
	there := &shell{}
	s := &service{shell: there}
	s.Service.Apply.Validate = []string{"nginx", "-t"}
	v.warm(s)
	v.work.Wait()
	if s.shell != there {
		t.Error("the shell is another one")
	}
}
