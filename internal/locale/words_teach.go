package locale

// teachWords has what instructors' tools say.
var teachWords = catalog{
	"test.progress":  {"%d of %d trials, %d finding{s}", "%[2]d개 중 %[1]d개 확인, 발견 %[3]d건"},
	"test.summary":   {"%d trial{s}, %d finding{s}, %.1f s", "시험 %d개, 발견 %d건, %.1f초"},
	"test.play":      {"%s · %s on %s", "%s · %s, %s"},
	"test.step-good": {"fails before, passes after", "풀이 전 미통과, 풀이 후 통과"},
	"test.step-bad":  {"see below", "아래 참고"},
	"test.cases":     {"%d of %d mistakes found out, %d of %d right answers pass", "실수 %[2]d개 중 %[1]d개를 잡아냄, 다른 맞는 답 %[4]d개 중 %[3]d개 통과"},

	"finding.passes-before":         {"its checks hold before the solution: nothing is asked of the student", "풀이 전에 이미 검사를 통과합니다. 학생이 할 일이 없습니다"},
	"finding.unknown-before":        {"before the solution the checks cannot tell: %s", "풀이 전에 검사가 판단하지 못합니다: %s"},
	"finding.before-refused":        {"the files with which the step begins are refused: %s", "단계를 시작하는 파일이 거부되었습니다: %s"},
	"finding.right-fails":           {"it should pass, but: %s", "통과해야 하지만 다음과 같습니다: %s"},
	"finding.right-refused":         {"it should pass, but the files are refused: %s", "통과해야 하지만 파일이 거부되었습니다: %s"},
	"finding.mistake-passes":        {"the mistake passes every check", "실수인데 모든 검사를 통과합니다"},
	"finding.mistake-accepted":      {"the files should be refused with “%s”, but they were accepted: %s", "“%s”{으로/로} 거부되어야 하지만 받아들여졌습니다: %s"},
	"finding.mistake-refused":       {"the files should be accepted, but they were refused: %s", "받아들여져야 하지만 거부되었습니다: %s"},
	"finding.mistake-other-words":   {"the files should be refused with “%s”, but the words were: %s", "“%s”{으로/로} 거부되어야 하지만 다른 말로 거부되었습니다: %s"},
	"finding.mistake-other-line":    {"the refusal should name line %s, but it names line %s", "%s번째 줄을 가리켜야 하지만 %s번째 줄을 가리킵니다"},
	"finding.mistake-other-verdict": {"wanted: %s; came: %s", "예상: %s, 실제: %s"},
	"finding.check-never-fails":     {"check %s (%s) never fails, neither before the solution nor in any mistake: it checks nothing", "검사 %s(%s){이/가} 풀이 전에도, 어떤 실수에서도 실패하지 않습니다. 아무것도 확인하지 않는 검사입니다"},
	"finding.flaky":                 {"check %s (%s) does not end in the same way each time: with the same files it was %s, and at repeat %s it was not; one time in four is found with 99 %% (93 %% through a proxy)", "검사 %s(%s)의 결과가 매번 같지 않습니다. 같은 파일로 %s였다가 %s번째 반복에서 달라졌습니다. 네 번에 한 번 달라지는 검사는 99%%(프록시를 거치면 93%%) 확률로 찾아냅니다"},
	"advice.flaky":                  {"have it depend on the student's files alone: no chance, no clock, nothing that still starts", "학생의 파일에만 좌우되게 하세요. 우연, 시각, 아직 시작 중인 것에 기대지 마세요"},
	"finding.ready-not-found":       {"%s counts as ready once %s is answered, and the answer is %s: that is so as soon as anything listens", "%s{은/는} %s에 응답하면 준비된 것으로 보지만 응답이 %s입니다. 무엇이든 포트만 열면 준비된 것이 됩니다"},
	"advice.ready-not-found":        {"name a page that the service has once it is of use; / if any answer will do", "서비스가 준비되어야 나오는 경로를 적거나, 아무 응답이나 괜찮다면 /를 적으세요"},
	"advice.right-fails":            {"either the solution or the check is wrong: compare what came with what the check wants", "풀이나 검사 가운데 하나가 잘못되었습니다. 나온 값과 검사가 바라는 값을 견주어 보세요"},
	"test.all-these":                {"all %d trial{s}", "시험 %d개 모두"},
	"finding.no-environment":        {"the environment could not be had: %s", "환경을 준비하지 못했습니다: %s"},
	"finding.environment-broke":     {"the environment broke: %s", "환경이 망가졌습니다: %s"},

	"lint.clean": {"nothing found in %d folder{s}", "폴더 %d개에서 발견된 것이 없습니다"},
	"new.done":   {"%[1]s is made. Next: lab lint %[1]s, lab test %[1]s, lab start ./%[1]s", "%[1]s{을/를} 만들었습니다. 다음: lab lint %[1]s, lab test %[1]s, lab start ./%[1]s"},

	"error.folder-taken":   {"%[1]s is there already", "%[1]s{이/가} 이미 있습니다"},
	"hint.folder-taken":    {"choose another name than %[1]s", "%[1]s 말고 다른 이름을 고르세요"},
	"error.folder-unknown": {"%[1]s is no folder with a lab or a lesson", "%[1]s에 실습이나 레슨이 없습니다"},
	"hint.folder-unknown":  {"name the folder that has lab.yaml or lesson.en.md, not %[1]s; `lab new NAME` makes one", "lab.yaml이나 lesson.en.md가 있는 폴더를 적으세요(%[1]s 대신). `lab new 이름`으로 만들 수 있습니다"},
}
