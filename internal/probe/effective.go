package probe

import (
	"context"
	"fmt"
	"regexp"

	"github.com/cwk-stream/lab/internal/course"
)

// effective asks a service for the value in force: by nginx's own words, or by what a command prints.
func (l *look) effective(ctx context.Context, e course.Effective) (Verdict, error) {
	if len(e.Command) > 0 {
		return l.effectiveByCommand(ctx, e)
	}
	return l.effectiveNginx(ctx, e)
}

// effectiveByCommand looks for values in what a command prints. Each must suit; the first that does not is shown.
func (l *look) effectiveByCommand(ctx context.Context, e course.Effective) (Verdict, error) {
	want := wantEffective(e)
	pattern, err := regexp.Compile(e.Match)
	if err != nil {
		return Verdict{Want: want}, fmt.Errorf("effective check: %w", err)
	}
	res, err := l.run.target.Exec(ctx, e.Service, e.Command...)
	if err != nil {
		return Verdict{Want: want}, fmt.Errorf("asking %s for its configuration: %w", e.Service, err)
	}
	if res.Code != 0 {
		return Verdict{Want: want}, fmt.Errorf("%s in %s: exit code %d: %s", e.Command[0], e.Service, res.Code, clean(res.Stderr))
	}
	found := pattern.FindAllStringSubmatch(printed(pattern, res.Stdout), -1)
	if len(found) == 0 {
		l.saw(Exchange{From: e.Service, Kind: WireLog, Text: e.Directive + " —"})
		return verdict(e.OrAbsent, want, NewFact("directive-absent", e.Directive), ""), nil
	}
	got := Fact{}
	for _, m := range found {
		value := m[1]
		l.saw(Exchange{From: e.Service, Kind: WireLog, Text: e.Directive + " " + value})
		ok, value := suits(e, value)
		if got = NewFact("value", value); !ok {
			return verdict(false, want, got, "wrong-limit"), nil
		}
	}
	return verdict(true, want, got, ""), nil
}

func wantEffective(e course.Effective) Fact {
	if e.AtLeast > 0 {
		return NewFact("at-least", seconds(e.AtLeast)+"s")
	}
	return NewFact("equals", e.Equals)
}
