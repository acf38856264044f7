package locale

// consentWords has what is said before images of a lab are built that did not come with the program.
var consentWords = catalog{
	"consent.intro": {"%s is no lab of the course, and its images are not built yet. Building them would run these commands:",
		"%s{은/는} 과정에 포함된 실습이 아니며, 아직 이미지를 빌드하지 않았습니다. 빌드하면 다음 명령이 실행됩니다:"},
	"consent.no-run": {"(no command: files are copied)", "(명령 없음: 파일만 복사합니다)"},
	"consent.unconfined": {"They run as root in containers of the Docker engine, and so do the files of the lab that they call. Unlike a lab that runs,\n" +
		"a build cannot be shut in: it reaches the internet, your network and what this machine offers to its containers.\n" +
		"Your files are not in reach. Build only what comes from somebody you trust.",
		"이 명령과 명령이 부르는 실습 파일은 Docker 엔진의 컨테이너에서 root로 실행됩니다. 실행 중인 실습과 달리 빌드는 완전히 격리할 수 없어서,\n" +
			"인터넷과 내부 네트워크, 이 컴퓨터가 컨테이너에 열어 둔 서비스에 닿을 수 있습니다. 내 파일에는 닿지 못합니다.\n" +
			"믿을 수 있는 사람이 만든 것만 빌드하세요."},
	"consent.limits": {"It is held to: %s.", "빌드의 한도: %s."},
	"consent.ask":    {"Build? [y/N]", "빌드할까요? [y/N]"},

	"error.build-unasked": {"the images of %s would be built from commands that nobody has agreed to", "%s의 이미지를 빌드하려면 먼저 실행할 명령에 동의해야 합니다"},
	"hint.build-unasked": {"`lab pull` of it at a terminal shows the commands and asks; for CI: --yes",
		"터미널에서 이 실습을 `lab pull`하면 명령을 보여 주고 묻습니다. CI에서는 --yes를 쓰세요"},
	"error.build-declined": {"the images of %s are not built, as you wished", "요청하신 대로 %s의 이미지를 빌드하지 않았습니다"},
	"hint.build-declined":  {"nothing was run; the lesson can be read without its lab", "아무것도 실행하지 않았습니다. 실습 없이도 강의를 읽을 수 있습니다"},
}
