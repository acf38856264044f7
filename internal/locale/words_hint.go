package locale

var hintWords = catalog{
	// workspace; the argument is a path
	"error.file-gone":       {"%s is not there any more", "%s 파일이 없습니다"},
	"hint.file-gone":        {"save %s again from your editor, or put the handed-out file back: lab reset", "편집기에서 %s{을/를} 다시 저장하거나, 처음 파일로 되돌리세요: lab reset"},
	"error.file-unreadable": {"%s cannot be read", "%s{을/를} 읽을 수 없습니다"},
	"hint.file-unreadable":  {"make %s readable for yourself (chmod u+rw), or put the handed-out file back: lab reset", "%s의 읽기 권한을 확인하거나(chmod u+rw), 처음 파일로 되돌리세요: lab reset"},
	"error.file-folder":     {"%s is a folder, and should be a file", "%s{이/가} 파일이 아니라 폴더입니다"},
	"hint.file-folder":      {"move the folder %s away, or: lab reset, which keeps it in the backup", "%s 폴더를 다른 곳으로 옮기거나, lab reset을 실행하세요(폴더는 백업에 남습니다)"},
	"error.file-special":    {"%s is not a regular file", "%s{은/는} 일반 파일이 아닙니다"},
	"hint.file-special":     {"put a text file at %s, or: lab reset", "%s 자리에 텍스트 파일을 두거나, lab reset을 실행하세요"},
	"error.file-not-text":   {"%s is not UTF-8 text", "%s{이/가} UTF-8 텍스트가 아닙니다"},
	"hint.file-not-text":    {"save %s as UTF-8 in your editor, or put the handed-out file back: lab reset", "편집기에서 %s{을/를} UTF-8로 저장하거나, 처음 파일로 되돌리세요: lab reset"},
	"error.file-too-large":  {"%s is larger than 1 MiB", "%s{이/가} 1 MiB보다 큽니다"},
	"hint.file-too-large":   {"is %s the right file? A configuration has a few kilobytes; the handed-out one comes back with: lab reset", "%s{이/가} 맞는 파일인지 확인하세요. 설정 파일은 보통 몇 KB입니다. 처음 파일로 되돌리려면: lab reset"},
	"error.file-escapes":    {"%s is a link that leads out of the lab's folder", "%s{이/가} 실습 폴더 밖을 가리키는 링크입니다"},
	"hint.file-escapes":     {"replace the link %s by a file of its own, or: lab reset", "%s 링크를 실제 파일로 바꾸거나, lab reset을 실행하세요"},
	"error.file-unwritable": {"%s cannot be written", "%s{을/를} 쓸 수 없습니다"},
	"hint.file-unwritable":  {"is there room on the disk, and may you write into the folder of %s?", "디스크에 공간이 있는지, %s의 폴더에 쓰기 권한이 있는지 확인하세요"},
	"error.folder-gone":     {"the lab's folder %s is not there any more", "실습 폴더 %s{이/가} 없습니다"},
	"hint.folder-gone":      {"make %s again with the handed-out files: lab reset", "%s{을/를} 처음 파일로 다시 만드세요: lab reset"},
	"error.folder-unusable": {"the lab's folder %s cannot be used", "실습 폴더 %s{을/를} 사용할 수 없습니다"},
	"hint.folder-unusable":  {"is there room on the disk, and may you write to %s?", "디스크에 공간이 있는지, %s에 쓰기 권한이 있는지 확인하세요"},

	// journal; the argument is a path
	"error.journal-full":     {"no room on the disk for your progress in %s", "디스크가 가득 차서 진행 기록을 %s에 쓸 수 없습니다"},
	"hint.journal-full":      {"free some space on the disk of %s and go on; nothing that was saved is lost", "%s{이/가} 있는 디스크의 공간을 비우고 계속하세요. 이미 저장된 기록은 그대로 있습니다"},
	"error.journal-readonly": {"your progress cannot be written to %s", "진행 기록을 %s에 쓸 수 없습니다"},
	"hint.journal-readonly":  {"make %s writable for yourself, or keep it elsewhere by setting XDG_DATA_HOME", "%s에 쓰기 권한을 주거나, XDG_DATA_HOME으로 다른 위치를 정하세요"},
	"error.journal-unusable": {"your progress in %s cannot be used", "진행 기록 %s{을/를} 사용할 수 없습니다"},
	"hint.journal-unusable":  {"is %s a file that you may read and write?", "%s{이/가} 읽고 쓸 수 있는 파일인지 확인하세요"},
	"error.journal-locked":   {"another program has held the lock of %s for too long", "다른 프로그램이 %s{을/를} 너무 오래 잠그고 있습니다"},
	"hint.journal-locked":    {"is a suspended lab (Ctrl-Z) still there? End it, then try again; the lock is beside %s", "멈춰 둔(Ctrl-Z) lab이 있으면 끝내고 다시 시도하세요. 잠금 파일은 %s 옆에 있습니다"},

	// progress merge; the argument is the number of lines
	"error.merge-nothing":   {"none of the %v lines is an event of lab's progress; nothing was merged", "%v줄 가운데 lab의 진행 기록이 하나도 없어 아무것도 합치지 않았습니다"},
	"error.merge-too-large": {"that is more than %v MiB or %v lines; nothing was merged", "%v MiB 또는 %v줄을 넘어 아무것도 합치지 않았습니다"},
	"hint.merge-too-large":  {"a file that `lab progress export` wrote is far below %v MiB and %v lines", "`lab progress export`로 만든 파일은 %v MiB, %v줄보다 훨씬 작습니다"},
	"hint.merge-nothing":    {"merge a file that `lab progress export` wrote (this one has %v lines of something else)", "`lab progress export`로 만든 파일을 합치세요(이 파일의 %v줄은 다른 내용입니다)"},

	// lab start; the arguments are the lab, and the process that has it open and since when
	"error.lab-in-use":       {"lab %[1]s is open in another window already (process %[2]v, since %[3]s)", "%[1]s 실습이 다른 창에 이미 열려 있습니다(프로세스 %[2]v, %[3]s부터)"},
	"hint.lab-in-use":        {"go on there, or close it and go on here: lab start %[1]s --take-over", "그 창에서 계속하거나, 그쪽을 닫고 여기서 계속하세요: lab start %[1]s --take-over"},
	"error.lab-not-released": {"lab %[1]s is open elsewhere, and could not be closed from here", "%[1]s 실습이 다른 곳에 열려 있는데, 여기서 닫을 수 없습니다"},
	"hint.lab-not-released":  {"close %[1]s there: it may be another user's, or on another machine that shares your files", "%[1]s 실습을 그곳에서 닫으세요. 다른 사용자이거나, 파일을 함께 쓰는 다른 컴퓨터일 수 있습니다"},

	// docker; host is the engine's address
	"error.lab-needs-docker":       {"lab %[1]s needs Docker, and no container engine answers here", "%[1]s 실습에는 Docker가 필요한데, 응답하는 컨테이너 엔진이 없습니다"},
	"hint.lab-needs-docker":        {"start Docker (lab doctor says where it was looked for), or take what runs without it: %[2]s", "Docker를 켜거나(어디서 찾았는지는 lab doctor로 확인), Docker 없이 되는 실습을 하세요: %[2]s"},
	"error.docker-unreachable":     {"no container engine answers at %[1]s", "%[1]s에서 컨테이너 엔진이 응답하지 않습니다"},
	"hint.docker-unreachable":      {"start Docker (or Podman's socket), or go on without: --engine embedded. Tried %[1]s", "Docker(또는 Podman 소켓)를 켜거나, 없이 계속하세요: --engine embedded (확인한 주소: %[1]s)"},
	"error.docker-permission":      {"you may not talk to the container engine at %[1]s", "%[1]s의 컨테이너 엔진에 접근할 권한이 없습니다"},
	"hint.docker-permission":       {"join the group that owns it (often: sudo usermod -aG docker $USER, then log in again), use rootless Docker, or: --engine embedded. It is %[1]s", "소켓의 그룹에 들어가거나(보통 sudo usermod -aG docker $USER 후 다시 로그인) rootless Docker를 쓰세요. 또는: --engine embedded (소켓: %[1]s)"},
	"error.docker-api-old":         {"the container engine is too old: its API is %[1]s, and lab needs %[2]s", "컨테이너 엔진이 오래되었습니다. API가 %[1]s인데 lab에는 %[2]s 이상이 필요합니다"},
	"hint.docker-api-old":          {"update it to Docker 20.10 or newer (API %[2]s), or: --engine embedded", "Docker 20.10 이상(API %[2]s)으로 올리거나: --engine embedded"},
	"error.docker-hangs":           {"the container engine at %[1]s does not answer in time", "%[1]s의 컨테이너 엔진이 제때 응답하지 않습니다"},
	"hint.docker-hangs":            {"restart the engine, or go on without: --engine embedded. It is at %[1]s", "엔진을 다시 시작하거나, 없이 계속하세요: --engine embedded (주소: %[1]s)"},
	"error.service-wrote-too-much": {"%[1]s wrote more than the %[2]v MiB that it may into its own file system, and was ended", "%[1]s{이/가} 자기 파일 시스템에 허용된 %[2]v MiB보다 많이 써서 종료되었습니다"},
	"hint.service-wrote-too-much":  {"if your last save made it write without end, undo that; if not, the lab itself is at fault: tell its author", "방금 저장한 내용 때문에 끝없이 쓴다면 되돌리세요. 아니라면 실습 자체의 문제이니 만든 사람에게 알려 주세요"},
	"error.docker-garbled":         {"what answers at %[1]s does not speak as a container engine does", "%[1]s에서 응답하는 것이 컨테이너 엔진답게 말하지 않습니다"},
	"hint.docker-garbled":          {"restart the engine and see whether `docker version` works; or go on without: --engine embedded", "엔진을 다시 시작하고 `docker version`이 되는지 보세요. 엔진 없이 계속하려면: --engine embedded"},
	"error.docker-remote":          {"the container engine at %[1]s is on another machine", "%[1]s의 컨테이너 엔진은 다른 컴퓨터에 있습니다"},
	"hint.docker-remote":           {"lab publishes ports on loopback only: run lab on the engine's machine itself (ssh, then lab), use an engine here, or: --engine embedded (now %[1]s)", "lab은 루프백에만 포트를 엽니다. 엔진이 있는 컴퓨터에서 lab을 실행하거나(ssh 접속 후 lab), 이 컴퓨터의 엔진을 쓰거나: --engine embedded (지금: %[1]s)"},
	"error.docker-windows":         {"the container engine runs Windows containers", "컨테이너 엔진이 Windows 컨테이너로 설정되어 있습니다"},
	"hint.docker-windows":          {"switch Docker Desktop to Linux containers, or: --engine embedded", "Docker Desktop을 Linux 컨테이너로 바꾸거나: --engine embedded"},
	"error.docker-disk-full":       {"the container engine's disk is full", "컨테이너 엔진의 디스크가 가득 찼습니다"},
	"hint.docker-disk-full":        {"`docker system df` shows what takes the room; `docker builder prune` frees some", "`docker system df`로 사용량을 보고, `docker builder prune`으로 비우세요"},
	"error.docker-networks-full":   {"the container engine has no address range left for another network", "컨테이너 엔진에 새 네트워크를 만들 주소 대역이 없습니다"},
	"hint.docker-networks-full":    {"remove networks that nobody uses: lab clean, or docker network prune", "쓰지 않는 네트워크를 지우세요: lab clean 또는 docker network prune"},
	"error.base-image-missing":     {"the image %[1]s is neither here nor can it be pulled", "%[1]s 이미지가 없고, 받을 수도 없습니다"},
	"hint.base-image-missing":      {"connect to the network and try again, or make %[1]s from Debian's packages: make base-image. Without it: --engine embedded", "네트워크에 연결해 다시 시도하거나, Debian 패키지로 %[1]s{을/를} 만드세요: make base-image. 없이 하려면: --engine embedded"},
	"error.image-missing":          {"the image %[1]s is neither here nor can it be pulled", "%[1]s 이미지가 없고, 받을 수도 없습니다"},
	"hint.image-missing":           {"connect to the network and try again, or load %[1]s with docker load", "네트워크에 연결해 다시 시도하거나, docker load로 %[1]s{을/를} 불러오세요"},
	"error.build-failed":           {"the image of %[1]s could not be built: %[2]s", "%[1]s 이미지를 만들지 못했습니다: %[2]s"},
	"hint.build-failed":            {"the lines are the builder's own; what it was to do is in the Dockerfile of %[1]s", "위 줄은 빌더의 출력입니다. 할 일은 %[1]s의 Dockerfile에 있습니다"},
	"error.build-context":          {"%[1]s in a build context is not a regular file", "빌드 폴더의 %[1]s{이/가} 일반 파일이 아닙니다"},
	"hint.build-context":           {"put the file itself in the place of %[1]s", "%[1]s 자리에 실제 파일을 두세요"},
	"error.service-died":           {"%[1]s ended with exit code %[2]v; its last words: %[3]s", "%[1]s{이/가} 종료 코드 %[2]v로 끝났습니다. 마지막 출력: %[3]s"},
	"hint.service-died":            {"if a file of yours keeps %[1]s from starting, put the handed-out one back: lab reset", "고친 파일 때문에 %[1]s{이/가} 시작되지 않는다면 처음 파일로 되돌리세요: lab reset"},
	"error.service-out-of-memory":  {"%[1]s used more memory than it may, and was killed", "%[1]s{이/가} 허용된 메모리를 넘겨 강제 종료되었습니다"},
	"hint.service-out-of-memory":   {"start again; mem_limit in the lab's Compose file is the bound of %[1]s", "다시 시작하세요. %[1]s의 한도는 실습 Compose 파일의 mem_limit입니다"},
	"error.service-paused":         {"%[1]s was paused by somebody", "누군가 %[1]s{을/를} 일시 정지했습니다"},
	"hint.service-paused":          {"the environment is started anew; leave %[1]s running", "환경을 다시 시작합니다. %[1]s{을/를} 멈추지 마세요"},
	"error.network-gone":           {"%[1]s was taken off the lab's network", "%[1]s{이/가} 실습 네트워크에서 떨어졌습니다"},
	"hint.network-gone":            {"the environment is started anew; leave the network of %[1]s in place", "환경을 다시 시작합니다. %[1]s의 네트워크를 그대로 두세요"},
	"error.service-not-ready":      {"%[1]s did not answer within %[2]v s of its start", "%[1]s{이/가} 시작 후 %[2]v초 안에 응답하지 않았습니다"},
	"hint.service-not-ready":       {"the machine may be busy: try again; `lab shell` lets you look into %[1]s", "컴퓨터가 바쁠 수 있으니 다시 시도하세요. `lab shell`로 %[1]s 안을 볼 수 있습니다"},
	"error.reload-unclear":         {"%[1]s did not say that it took the new files", "%[1]s{이/가} 새 파일을 적용했는지 알 수 없습니다"},
	"hint.reload-unclear":          {"save again; if %[1]s stays silent, leave the lab and start it again", "다시 저장해 보고, %[1]s{이/가} 계속 응답이 없으면 실습을 다시 시작하세요"},

	// what should not happen: the argument says what it was and where in the program
	"error.bug": {"lab has a bug: %s", "lab에 버그가 있습니다: %s"},
	"hint.bug":  {"try again; please report the line above with the output of lab version", "다시 시도해 보세요. 위의 줄을 lab version 출력과 함께 알려 주세요"},

	// embedded; the argument is a service
	"error.embedded-no-stub": {"nothing stands in for service %s without Docker", "Docker 없이는 %s 서비스를 대신할 것이 없습니다"},
	"hint.embedded-no-stub":  {"start Docker and choose it for the lab, %s included: --engine docker", "Docker를 켜고 --engine docker로 실행하세요(%s 서비스도 함께 실행됩니다)"},
	// the arguments are a service and what it said
	"error.embedded-bug": {"the stand-in for %s has a bug; your configuration is not to blame: %s", "%s의 대역 프로그램에 버그가 있습니다. 설정 탓이 아닙니다: %s"},
	"hint.embedded-bug":  {"save to try again, or use Docker (--engine docker); please report the line above with your file and the output of lab version", "저장하면 다시 시도합니다. Docker로도 할 수 있습니다(--engine docker). 위의 줄을 설정 파일, lab version 출력과 함께 알려 주세요"},

	"error.embedded-refused": {"%s does not start with these files: %s", "%s{이/가} 이 파일로는 시작하지 않습니다: %s"},
	"hint.embedded-refused":  {"correct the line that %[1]s names, or put the handed-out file back: lab reset", "%[1]s{이/가} 가리키는 줄을 고치거나, 처음 파일로 되돌리세요: lab reset"},

	// the program itself; the argument is what the system said
	"error.output-unwritable": {"the output could not be written: %s", "결과를 출력하지 못했습니다: %s"},
	"hint.output-unwritable":  {"make room where it goes, or send it elsewhere; what was printed is not whole", "출력할 곳의 공간을 확보하거나 다른 곳으로 보내세요. 출력된 내용은 온전하지 않습니다"},
}
