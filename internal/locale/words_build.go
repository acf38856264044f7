package locale

// buildWords are about images: how their builds fail, how builds are confined, and which images are no longer needed.
var buildWords = catalog{
	// the arguments are a service, and what failed with the lines that it wrote
	"error.build-network":   {"the image of %[1]s could not be built, as something could not be fetched: %[2]s", "받아야 할 것을 받지 못해 %[1]s 이미지를 만들지 못했습니다: %[2]s"},
	"hint.build-network":    {"%[1]s is built from Debian's packages: is there a network? Where a proxy is needed, set HTTP_PROXY and HTTPS_PROXY, or \"proxies\" in ~/.docker/config.json, to an address that containers reach: not localhost", "%[1]s{은/는} Debian 패키지로 만듭니다. 네트워크를 확인하세요. 프록시가 필요하면 HTTP_PROXY와 HTTPS_PROXY, 또는 ~/.docker/config.json의 \"proxies\"에 컨테이너에서 닿는 주소를 적으세요(localhost는 안 됩니다)"},
	"error.build-memory":    {"the image of %[1]s could not be built, as the build used more memory than it may: %[2]s", "빌드가 허용된 메모리를 넘겨 %[1]s 이미지를 만들지 못했습니다: %[2]s"},
	"hint.build-memory":     {"a build may use 2 GiB, and Docker Desktop's machine may have less: see its settings. If there is enough, let the Dockerfile of %[1]s do less at once", "빌드는 2 GiB까지 쓸 수 있고 Docker Desktop의 가상 머신은 더 적을 수 있습니다. 설정을 확인하고, 충분하다면 %[1]s의 Dockerfile이 한 번에 하는 일을 줄이세요"},
	"error.build-processes": {"the image of %[1]s could not be built, as the build started more processes than it may: %[2]s", "빌드가 허용된 수보다 많은 프로세스를 시작해 %[1]s 이미지를 만들지 못했습니다: %[2]s"},
	"hint.build-processes":  {"an instruction may have 512 processes: let the Dockerfile of %[1]s start fewer, such as make -j4", "명령 하나는 프로세스를 512개까지 가질 수 있습니다. %[1]s의 Dockerfile에서 수를 줄이세요(예: make -j4)"},
	"error.build-large":     {"the image of %[1]s could not be built, as the build wrote more than it may: %[2]s", "빌드가 허용된 것보다 많이 써서 %[1]s 이미지를 만들지 못했습니다: %[2]s"},
	"hint.build-large":      {"a build may write 4 GiB, and 2 GiB into one file: let the Dockerfile of %[1]s install less", "빌드는 모두 4 GiB, 파일 하나에 2 GiB까지 쓸 수 있습니다. %[1]s의 Dockerfile이 설치하는 것을 줄이세요"},
	"error.build-slow":      {"the image of %[1]s was not ready after 30 minutes; the build was at: %[2]s", "%[1]s 이미지가 30분이 지나도 준비되지 않았습니다. 하던 일: %[2]s"},
	"hint.build-slow":       {"on a slow line try again where there is a faster one, or bring the images of %[1]s in a bundle: lab bundle save", "네트워크가 느리면 더 빠른 곳에서 다시 시도하거나, %[1]s 이미지를 묶음으로 옮기세요: lab bundle save"},

	// what a build is held to, in one sentence
	"build.memory":     {"%d MiB of memory", "메모리 %d MiB"},
	"build.processors": {"%d processors", "프로세서 %d개"},
	"build.processes":  {"%d processes for an instruction", "명령 하나에 프로세스 %d개"},
	"build.size":       {"%d GiB written, looked at every two seconds", "쓰기 %d GiB(2초마다 확인)"},
	"build.time":       {"%d minutes", "%d분"},

	// lab clean, lab doctor: how many, and how large
	"clean.unused":       {"%d images (%s) that no lab refers to any more: lab clean --images removes them", "어떤 실습도 쓰지 않는 이미지 %d개(%s)가 있습니다. 지우려면: lab clean --images"},
	"clean.images":       {"%d images removed (%s)", "이미지 %d개를 지웠습니다(%s)"},
	"doctor.unused":      {"old images", "옛 이미지"},
	"doctor.unused-some": {"%d images (%s) that no lab refers to any more", "어떤 실습도 쓰지 않는 이미지 %d개(%s)"},
	"doctor.hint.unused": {"lab clean --images removes them", "lab clean --images로 지우세요"},
}
