package report

import (
	"strings"
	"testing"

	"github.com/cwk-stream/lab/internal/locale"
	"github.com/cwk-stream/lab/internal/reward"
	"github.com/cwk-stream/lab/internal/session"
)

func TestRecap(t *testing.T) {
	gained := map[string]reward.Gained{
		"run": {},
		"live": {XP: 20, Total: 130, LevelUp: true, Level: 1, LevelName: reward.Text{En: "Long-Poller", Ko: "롱폴러"},
			Achievements: []reward.Achievement{{Name: reward.Text{En: "Bad on Purpose", Ko: "일부러 400"}}}, Lessons: []string{"03-reverse-proxy"}},
	}
	for stream, g := range gained {
		p := session.NewProgress(lab())
		for _, e := range recorded(t, stream) {
			p = p.Apply(e)
		}
		for _, lang := range locale.All() {
			var b strings.Builder
			if err := Recap(&b, lang, lab(), p, g); err != nil {
				t.Fatal(err)
			}
			golden(t, stream+".recap."+string(lang)+".md", b.String())
		}
	}
}
