#!/usr/bin/env bash
# In: start or stop, and a folder. Out: a Slurm of two nodes on this machine, for tests: `SLURM_CONF=DIR/slurm.conf sinfo`.
# Needs root and, of Debian: slurm-wlm slurm-wlm-basic-plugins munge libpmi2-0.
set -euo pipefail

what=${1:?start or stop} folder=$(realpath -m "${2:?a folder}")
export SLURM_CONF=$folder/slurm.conf
# found by root's shell, not always by others
PATH=$PATH:/usr/sbin:/sbin

stop() {
    local name pid
    for name in slurmctld n1 n2 munged; do
        pid=$(cat "$folder/$name.pid" 2>/dev/null) || continue
        kill "$pid" 2>/dev/null || continue
        for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
        kill -9 "$pid" 2>/dev/null || true
    done
}

if [ "$what" = stop ]; then
    stop
    exit
fi

for program in slurmctld slurmd munged sinfo; do
    command -v $program >/dev/null || { echo "femrisk: error: slurm: no $program (Debian: slurm-wlm munge)" >&2; exit 1; }
done
stop
mkdir -p "$folder"/{state,n1,n2,munge}
cores=$(nproc)
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
[ -f "$folder/munge/key" ] || dd if=/dev/urandom of="$folder/munge/key" bs=128 count=1 status=none
chmod 700 "$folder/munge"
chmod 400 "$folder/munge/key"
cat >"$SLURM_CONF" <<CONF
ClusterName=here
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=$(free)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=pmi2
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
NodeName=n1 NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=$(free) Sockets=1 CoresPerSocket=2 RealMemory=8000
NodeName=n2 NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=$(free) Sockets=1 CoresPerSocket=2 RealMemory=8000
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
CONF
cat >"$folder/cgroup.conf" <<CONF
CgroupPlugin=cgroup/v1
ConstrainCores=no
ConstrainRAMSpace=no
CONF
munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munge/log" --seed-file="$folder/munge/seed"
slurmctld -f "$SLURM_CONF"
for node in n1 n2; do slurmd -N $node -f "$SLURM_CONF"; done
for _ in $(seq 100); do
    [ "$(timeout 5 sinfo -h -N -t idle 2>/dev/null | wc -l)" = 2 ] && exit
    sleep 0.1
done
echo "femrisk: error: slurm: its nodes did not come up; $folder has the logs" >&2
exit 1
