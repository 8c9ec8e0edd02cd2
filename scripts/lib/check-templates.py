"""Checks kubernetes-mpijob.yaml and Containerfile without a cluster; called by scripts/test-cluster.

`check-templates.py FOLDER` checks both; `check-templates.py FOLDER launcher` prints the launcher's command and arguments,
one to a line, and `worker` those of a worker.
Needs PyYAML, yamllint, kubernetes-validate and dockerfile-parse.
"""

import re
import sys

import yaml

# The fields of kubeflow.org/v2beta1 and what its controller accepts, after pkg/apis/kubeflow/v2beta1/types.go and
# pkg/apis/kubeflow/validation/validation.go of kubeflow/mpi-operator v0.8.0.
SPEC = {
    "launcherCreationPolicy", "mpiImplementation", "mpiReplicaSpecs", "runLauncherAsWorker", "runPolicy",
    "slotsPerWorker", "sshAuthMountPath",
}  # fmt: skip
RUN_POLICY = {
    "activeDeadlineSeconds", "backoffLimit", "cleanPodPolicy", "managedBy", "schedulingPolicy", "suspend",
    "ttlSecondsAfterFinished",
}  # fmt: skip
REPLICAS = {"replicas", "restartPolicy", "template"}
ONE_OF = {
    "launcherCreationPolicy": {"AtStartup", "WaitForWorkersReady"},
    "mpiImplementation": {"OpenMPI", "Intel", "MPICH"},
    "cleanPodPolicy": {"None", "Running", "All"},
    "restartPolicy": {"Never", "OnFailure"},
}

problems = []


def fields(where, found, known):
    problems.extend(f"{where}: there is no field {name}" for name in sorted(found.keys() - known))
    for name, values in ONE_OF.items():
        if name in found and found[name] not in values:
            problems.append(f"{where}: {name} is {found[name]}, not one of {', '.join(sorted(values))}")


def check_job(path):
    from kubernetes_validate import ValidationError, latest_version, validate
    from yamllint import linter
    from yamllint.config import YamlLintConfig

    rules = "{extends: default, rules: {line-length: {max: 120}, document-start: disable}}"
    with open(path) as file:
        text = file.read()
    problems.extend(f"{path}:{found.line}: {found.desc}" for found in linter.run(text, YamlLintConfig(rules)))
    job = yaml.safe_load(text)
    if (job["apiVersion"], job["kind"]) != ("kubeflow.org/v2beta1", "MPIJob"):
        problems.append(f"{path}: {job['apiVersion']} {job['kind']}")
    spec = job["spec"]
    fields("spec", spec, SPEC)
    fields("runPolicy", spec["runPolicy"], RUN_POLICY)
    if set(spec["mpiReplicaSpecs"]) != {"Launcher", "Worker"}:
        problems.append("mpiReplicaSpecs: not Launcher and Worker")
    for name, replicas in spec["mpiReplicaSpecs"].items():
        fields(name, replicas, REPLICAS)
        template = {"apiVersion": "v1", "kind": "PodTemplate", "template": replicas["template"]}
        try:
            validate({"metadata": {"name": "x"}} | template, latest_version(), strict=True)
        except ValidationError as error:
            problems.append(f"{name}: {'.'.join(map(str, error.path))}: {error.message}")
        pod = replicas["template"]["spec"]
        volumes = {volume["name"] for volume in pod.get("volumes", [])}
        mounts = {mount["name"] for container in pod["containers"] for mount in container.get("volumeMounts", [])}
        if mounts != volumes:
            problems.append(f"{name}: volumes {sorted(volumes)}, mounted {sorted(mounts)}")
    slots = spec["slotsPerWorker"] * spec["mpiReplicaSpecs"]["Worker"]["replicas"]
    if f"--ranks={slots}" not in spec["mpiReplicaSpecs"]["Launcher"]["template"]["spec"]["containers"][0]["args"]:
        problems.append(f"Launcher: --ranks is not the number of slots, {slots}")
    return spec


def check_image(path, spec):
    from dockerfile_parse import DockerfileParser

    with open(path, "rb") as file:
        steps = DockerfileParser(fileobj=file, cache_content=True).structure
    known = {"COMMENT", "FROM", "RUN", "ADD", "ENV", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}
    problems.extend(f"{path}:{s['startline'] + 1}: {s['instruction']}" for s in steps if s["instruction"] not in known)
    text = " ".join(step["value"] for step in steps)
    for word in (spec["sshAuthMountPath"] + "/id_rsa", "Port 2222", "openssh-server", "openssh-client"):
        if word not in text:
            problems.append(f"{path}: '{word}' is missing, which the job needs")
    worker = spec["mpiReplicaSpecs"]["Worker"]["template"]["spec"]["containers"][0]
    probe, configuration = worker["readinessProbe"]["tcpSocket"]["port"], worker["args"][-1]
    if not re.search(rf"Port {probe}\b.*>{configuration}", text):
        problems.append(f"{path}: no sshd on port {probe} is configured in {configuration}")


def main():
    folder = sys.argv[1]
    if len(sys.argv) > 2:
        with open(f"{folder}/kubernetes-mpijob.yaml") as file:
            replicas = yaml.safe_load(file)["spec"]["mpiReplicaSpecs"][sys.argv[2].capitalize()]
        container = replicas["template"]["spec"]["containers"][0]
        print("\n".join(container["command"] + container["args"]))
        return
    try:
        check_image(f"{folder}/Containerfile", check_job(f"{folder}/kubernetes-mpijob.yaml"))
    except KeyError as missing:
        problems.append(f"{missing} is missing")
    print("\n".join(problems) or "no problems")
    sys.exit(1 if problems else 0)


main()
